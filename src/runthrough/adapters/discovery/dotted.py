"""Dotted names in code."""

import ast


def dotted(node: ast.expr) -> str:
    """The dotted name that an expression is; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""

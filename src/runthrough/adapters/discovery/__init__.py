"""Finds and reads scripts; never imports one."""

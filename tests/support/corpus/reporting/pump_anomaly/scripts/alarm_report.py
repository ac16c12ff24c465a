"""One page for the foremen."""
import json
import os


def by_pump(failures):
    """How many failures each pump had, the worst first."""
    counts = {}
    for failure in failures:
        counts[failure["pump"]] = counts.get(failure["pump"], 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def table(rows):
    lines = ["| pump | failures |", "| --- | ---: |"]
    lines += [f"| {pump} | {number} |" for pump, number in rows]
    return "\n".join(lines)


def main(input_paths, output_paths, environ_vars, job_args):
    inputs = {
        "threshold": os.path.join(input_paths["alarm_dir"], "threshold.json"),
        "failures": os.path.join(input_paths["known_failures"], "failures.json"),
    }
    facts = {}
    for name, path in inputs.items():
        with open(path) as f:
            facts[name] = json.load(f)
    lines = [
        f"# {environ_vars.get('PLANT', 'Plant')}",
        f"{len(facts['failures'])} failures, {facts['threshold']['caught']:.0%} of them caught.",
    ]
    lines.append(table(by_pump(facts["failures"])))
    if environ_vars.get("CONTACT"):
        lines.append(f"Ask {environ_vars['CONTACT']}.")
    with open(os.path.join(output_paths["page"], "alarms.md"), "w") as f:
        f.write("\n\n".join(lines))

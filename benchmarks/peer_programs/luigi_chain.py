"""A chain of N scripts in Luigi: one task each, the local scheduler, a child process a script.

Usage: luigi_chain.py N SCRIPT FOLDER. It prints the seconds that the run took.
"""

import subprocess
import sys
import time

import luigi


class Step(luigi.Task):
    """One script; what it writes says that it is done."""

    number = luigi.IntParameter()
    script = luigi.Parameter()
    folder = luigi.Parameter()

    def requires(self):
        if self.number:
            yield Step(number=self.number - 1, script=self.script, folder=self.folder)

    def output(self):
        return luigi.LocalTarget(f"{self.folder}/text_{self.number + 1}")

    def run(self):
        source = f"{self.folder}/text_{self.number}"
        command = [sys.executable, self.script, source, self.output().path]
        subprocess.run(command, check=True)


def main() -> None:
    count, script, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    last = Step(number=count - 1, script=script, folder=folder)
    began = time.perf_counter()
    passed = luigi.build([last], local_scheduler=True, workers=1, log_level="WARNING")
    print(time.perf_counter() - began)
    if not passed:
        sys.exit("the chain failed")


main()

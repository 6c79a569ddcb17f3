"""Runs parts of CPython's own test suite, and prints one line of JSON for each test: its id, its verdict and why.

Arguments: the name of a module, and the ids of tests in it that are left out. The folder of the suite is this program's own.
The lines go to standard output. What the tests themselves print is thrown away.
"""
import json
import os
import sys
import tempfile
import unittest

SUITE = os.path.dirname(os.path.abspath(__file__))
REASON_CHARACTERS = 300


class Verdicts(unittest.TestResult):
    """Tells the verdict of each test when it has ended."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell
        self.verdict = None

    def startTest(self, test):
        super().startTest(test)
        self.verdict = None

    def stopTest(self, test):
        super().stopTest(test)
        verdict, reason = self.verdict or ("ok", "")
        self.tell(test.id(), verdict, reason)

    def note(self, test, verdict, reason=""):
        """Keeps the first bad verdict. What is no test, such as setUpClass, has no end, so it is told at once."""
        if not isinstance(test, unittest.TestCase):
            self.tell(test.id(), verdict, reason)
        elif self.verdict is None or self.verdict[0] == "skipped":
            self.verdict = (verdict, reason)

    def addError(self, test, err):
        self.note(test, "error", last_words(err))

    def addFailure(self, test, err):
        self.note(test, "failed", last_words(err))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.note(test, "failed" if issubclass(err[0], test.failureException) else "error", last_words(err))

    def addSkip(self, test, reason):
        # A part of a test can be skipped while the rest of it goes on.
        self.note(getattr(test, "test_case", test), "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.note(test, "expected failure")

    def addUnexpectedSuccess(self, test):
        self.note(test, "unexpected success")


def last_words(err):
    return f"{err[0].__name__}: {err[1]}"[-REASON_CHARACTERS:]


def open_teller():
    """A line is one write, so that nothing is left in a buffer when a test forks or the process dies."""
    out = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)
    owner = os.getpid()

    def tell(test, verdict, reason=""):
        if os.getpid() == owner:
            os.write(out, (json.dumps({"test": test, "verdict": verdict, "reason": str(reason)}) + "\n").encode())

    return tell


def chosen(suite, left_out):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from chosen(test, left_out)
        elif test.id() not in left_out:
            yield test


def main(module, left_out):
    sys.path.insert(0, SUITE)
    os.environ["PYTHONPATH"] = SUITE
    from test import support
    # What tests may use. They don't get the network, or more time or room than usual.
    support.use_resources = ["subprocess"]
    tell = open_teller()
    with tempfile.TemporaryDirectory(prefix="cpython", ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        try:
            suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
            unittest.TestSuite(chosen(suite, left_out)).run(Verdicts(tell))
        except unittest.SkipTest as skip:
            tell(f"test.{module}", "skipped", skip)
        os.chdir("/")
    tell("", "ended")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

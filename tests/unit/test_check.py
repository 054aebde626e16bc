"""bin/test loses no failure: whatever way a share ends, its part knows."""

import os
import signal
import sys
import threading

import pytest

from tools import check

QUICKLY = ["-p", "no:odoo", "-p", "no:hypothesispytest"]
PASSES = "def test_passes():\n    pass\n"
FAILS = "def test_fails():\n    assert False, 'so it is'\n"
#: Opens pipes, each in its mode, and so waits at each until somebody opens it at the other end; not for ever.
MEETS = """
import signal, sys
signal.alarm(30)
for pipe, mode in zip(sys.argv[1::2], sys.argv[2::2]):
    open(pipe, mode).close()
"""


@pytest.fixture
def tests(tmp_path):
    """``tests("def test_…")`` is a share that runs such a file; more arguments are pytest's."""

    def share(text, *arguments):
        path = tmp_path / f"test_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        return check.Tests("tests", path.stem, [*QUICKLY, path, *arguments])

    return share


def program(text, *arguments):
    return check.Check("programs", "program", [sys.executable, "-c", text, *arguments])


def ran(*shares):
    """Exit code of a run of the shares, and the counts of its parts."""
    run = check.Run()
    run.all(shares)
    return run.finish(), {
        part: (counts["passed"], counts["failed"], counts["skipped"]) for part, counts in run.parts.items()
    }


def test_the_tests_of_all_shares_are_counted(tests):
    shares = tests(PASSES), tests(PASSES + PASSES.replace("passes", "passes_too"))
    assert ran(*shares, program("")) == (0, {"tests": (3, 0, 0), "programs": (1, 0, 0)})


def test_one_failed_test_fails_the_run_and_is_shown(tests, capfd):
    assert ran(tests(PASSES), tests(FAILS), tests(PASSES)) == (1, {"tests": (2, 1, 0)})
    assert "so it is" in capfd.readouterr().out


def test_a_failed_program_fails_the_run_and_what_it_said_is_shown(capfd):
    assert ran(program("print('it went wrong'); exit(3)"), program("")) == (1, {"programs": (1, 1, 0)})
    assert "it went wrong" in capfd.readouterr().out


@pytest.mark.parametrize("end", ["os._exit(0)", "os._exit(5)", "os.kill(os.getpid(), 9)", "pytest.exit('so', 0)"])
def test_tests_that_end_before_their_time_have_failed(tests, end):
    dies = f"import os, pytest\n{PASSES}\ndef test_dies():\n    {end}\n"
    code, counts = ran(tests(PASSES), tests(dies))
    assert (code, counts["tests"][1]) == (1, 1)


def test_a_file_that_cannot_be_read_has_failed(tests):
    assert ran(tests(PASSES), tests("import nothing_of_this_name\n")) == (1, {"tests": (1, 1, 0)})


def test_tests_that_break_down_after_their_report_have_failed(tests):
    breaks = f"import atexit, os\natexit.register(os._exit, 7)\n{PASSES}"
    assert ran(tests(breaks)) == (1, {"tests": (1, 1, 0)})


def test_a_skipped_test_fails_unless_its_reason_is_listed(tests):
    skips = "import pytest\ndef test_skips():\n    pytest.skip('no reason at all')\n"
    assert ran(tests(skips)) == (1, {"tests": (0, 1, 0)})


def test_a_share_may_have_none_of_the_chosen_tests_and_its_part_may_not(tests):
    assert ran(tests(PASSES), tests(FAILS, "-k", "passes")) == (0, {"tests": (1, 0, 0)})
    assert ran(tests(PASSES, "-k", "nothing"), tests(FAILS, "-k", "nothing")) == (1, {"tests": (0, 1, 0)})


def test_two_shares_run_side_by_side(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    os.mkfifo(one)
    os.mkfifo(other)
    shares = program(MEETS, one, "w", other, "r"), program(MEETS, one, "r", other, "w")
    assert ran(*shares) == (0, {"programs": (2, 0, 0)})


def test_what_runs_is_ended_with_the_run_and_nothing_is_begun_any_more(tmp_path):
    processes, ended, begun, never = check.Processes(), [], tmp_path / "begun", tmp_path / "never"
    os.mkfifo(begun)
    os.mkfifo(never)
    command = [sys.executable, "-c", MEETS, begun, "w", never, "r"]
    share = threading.Thread(target=lambda: ended.append(processes.run(command)))
    share.start()
    begun.open().close()
    processes.end(SystemExit())
    share.join(30)
    ((code, said),) = ended
    assert "KeyboardInterrupt" in said and code in (1, 130, -signal.SIGINT)
    with pytest.raises(check.Ended):
        processes.run([sys.executable, "-c", ""])

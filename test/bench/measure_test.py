"""What the benches print is what was measured."""
import argparse
import os
import pathlib
import sys
import unittest
from unittest import mock

from measure import Table, column, command, take_turns
from measure.cost import cost_of
from measure.table import fraction, significant

options = None


class Turns(unittest.TestCase):
    def test_every_way_runs_as_often_and_each_round_begins_with_another(self):
        order = []
        results = take_turns({name: lambda name=name: order.append(name) or len(order) for name in "abc"}, 3, warm_up=0)
        self.assertEqual("".join(order), "abcbcacab")
        self.assertEqual(results, {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]})

    def test_what_warms_up_does_not_count(self):
        times = iter([100, 1, 2])
        self.assertEqual(take_turns({"only": lambda: next(times)}, 2), {"only": [1, 2]})


class Tables(unittest.TestCase):
    def setUp(self):
        self.table = Table("milliseconds", {"floor": [30, 10, 20], "ours": [21, 23, 60]}, against="floor")

    def test_least_middle_most_and_ratio_of_the_middles(self):
        self.assertEqual(str(self.table).splitlines(), [
            "| milliseconds | min | median | max | to floor |", "|---|---|---|---|---|",
            "| floor | 10 | 20 | 30 | 1.00 |", "| ours | 21 | 23 | 60 | 1.15 |"])

    def test_a_row_may_say_why_it_has_no_numbers(self):
        table = Table("ms", {"floor": [1], "theirs": "cannot"}, against="floor")
        self.assertEqual(str(table).splitlines()[-1], "| theirs | cannot |  |  |  |")

    def test_a_column_is_one_number_of_each_result(self):
        self.assertEqual(column({"a": [(1, 2), (3, 4)]}, lambda one: one[1]), {"a": [2, 4]})

    def test_verdicts(self):
        for verdict, text in (
                (self.table.at_most_times("b", "ours", 1.15), "| b | 1.15 × floor | 1.15 × | met |"),
                (self.table.at_most_times("b", "ours", 1.1), "| b | 1.1 × floor | 1.15 × | missed |"),
                (self.table.at_most_times("b", "ours", 1 / 8), "| b | 1/8 × floor | 1.15 × | missed |"),
                (self.table.at_most_above("b", "ours", 3), "| b | floor + 3 ms | +3 ms | met |"),
                (self.table.at_most_above("b", "ours", 2), "| b | floor + 2 ms | +3 ms | missed |"),
                (self.table.at_most("b", "ours", 23, "MiB"), "| b | 23 MiB | 23 MiB | met |"),
                (self.table.at_most("b", "ours", 22.9), "| b | 22.9 ms | 23 ms | missed |")):
            self.assertEqual(str(verdict), text)

    def test_numbers_as_people_read_them(self):
        self.assertEqual([significant(ratio) for ratio in (0.0123, 1.078, 12.34, 240.1)], ["0.0123", "1.08", "12.3", "240"])
        self.assertEqual([fraction(times) for times in (1.15, 2, 1 / 3, 1 / 8)], ["1.15", "2", "1/3", "1/8"])


class Program(unittest.TestCase):
    def test_the_tables_come_first_and_the_verdicts_last(self):
        table = Table("ms", {"floor": [1], "ours": [1]}, against="floor")
        printed = []
        with mock.patch("builtins.print", lambda text, **_: printed.append(str(text))), mock.patch("sys.argv", ["x.py"]):
            code = command.main("A bench.", lambda _: iter([table.at_most_times("b", "ours", 2), table, "Docker."]))
        self.assertEqual(code, 0)
        self.assertEqual([text.split("\n")[0] for text in printed],
                         ["| ms | min | median | max | to floor |", "Docker.", f"7 runs each, taking turns; {os.cpu_count()} cores.",
                          "| budget | at most | measured | |"])
        self.assertTrue(printed[-1].endswith("| b | 2 × floor | 1.00 × | met |"), printed[-1])

    def test_where_it_cannot_run_it_says_why(self):
        with mock.patch("builtins.print") as said, mock.patch("sys.argv", ["x.py", "--runs", "9"]):
            self.assertEqual(command.main("A bench.", None, obstacle=lambda: "no engine"), 77)
        said.assert_called_once_with("no engine")

    def test_a_few_runs_are_no_measurement(self):
        with mock.patch("sys.argv", ["x.py", "--runs", "1"]):
            self.assertEqual(command.parse("A bench.", 15, None).runs, 7)


class Cost(unittest.TestCase):
    def setUp(self):
        build = pathlib.Path(options.cost).parent.parent
        settings = mock.patch.dict(os.environ, SPACELET_BUILD=str(build))
        settings.start()
        self.addCleanup(settings.stop)

    def test_wall_and_cpu_and_memory_of_a_command_and_its_children(self):
        idle = cost_of("sh", "-c", "sleep 0.2; true")
        self.assertGreaterEqual(idle.wall, 200)
        self.assertLess(idle.cpu, idle.wall)
        busy = cost_of(sys.executable, "-c", "import time\nx = b'x' * (64 << 20)\nwhile time.process_time() < 0.2: pass")
        self.assertGreaterEqual(busy.cpu, 200)
        self.assertGreaterEqual(busy.rss, 64)
        self.assertLess(idle.rss, 32)

    def test_a_command_that_fails_is_no_measurement(self):
        with self.assertRaisesRegex(AssertionError, "exit code 3\nwhy"):
            cost_of("sh", "-c", "echo why; exit 3")
        self.assertLess(cost_of("sh", "-c", "exit 1", good=(0, 1)).cpu, 10**4)

    def test_one_that_is_not_there(self):
        with self.assertRaisesRegex(AssertionError, "exit code 127\nno-such-program: No such file"):
            cost_of("no-such-program")


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cost", required=True)
    options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()

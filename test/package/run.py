"""Runs one module of package tests: run.py NAME [TEST...]. Exit code 77: they cannot run here, with the reason."""
import importlib
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))


SKIPPED = 77


def main(name, *tests):
    module = importlib.import_module(name)
    why = module.obstacle()
    if why:
        print(why)
        return SKIPPED
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(tests, module) if tests else loader.loadTestsFromModule(module)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

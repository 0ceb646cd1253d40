"""One pytest session as one run: controller, worker, command line, plan, sweep, demo."""

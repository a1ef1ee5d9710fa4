"""Tests of the harness's own logic, without servers: `python3 -m unittest discover --start-directory
deploy/chaos/tests`. That the whole of it finds bugs in a real system is shown by `--plant`.
"""

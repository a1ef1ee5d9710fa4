"""What holds the alerts, the dashboard, the runbooks and METRICS.md together: `python3 -m unittest discover --start-directory
deploy/observability/tests`. Needs PyYAML, which deploy/local installs among the pinned wheels; and promtool (Debian: the
package `prometheus`) for the alerts' own tests in rules/, which are left out, and said to be, where it is not on the PATH.
"""

"""Runs Dispatch on one machine: installs the pinned servers, starts them and the services, and ends all of it.

Only the standard library is used here, since this code is what installs everything else.
"""

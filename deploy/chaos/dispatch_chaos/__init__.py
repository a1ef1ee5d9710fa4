"""The fault harness: the real system, a workload, faults, and then the question whether anything was lost or doubled."""

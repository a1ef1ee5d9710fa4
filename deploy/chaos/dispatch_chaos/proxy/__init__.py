"""The fault proxy in front of SNS and SQS: a process of its own, which the services take for the endpoint."""

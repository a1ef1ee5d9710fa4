"""What happens to processes and servers, by a schedule from the seed."""

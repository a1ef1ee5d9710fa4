"""What the system is given to do: couriers who come, go and move, orders and their lives, and messages that nobody can
read.
"""

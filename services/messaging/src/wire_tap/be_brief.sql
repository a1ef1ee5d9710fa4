-- be_brief: Has no later statement of this transaction take long, also none that waits for a lock.
SET LOCAL statement_timeout = '2s'

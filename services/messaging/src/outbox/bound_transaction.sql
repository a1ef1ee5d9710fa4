-- A relay whose machine vanished, so that nobody closes its connection, holds its rows no longer than this; longer
-- than all attempts of a publish call take.
SET LOCAL idle_in_transaction_session_timeout = '60s'

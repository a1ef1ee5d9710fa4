-- What the courier was last said to decline: the event, which follows from the assignment, and when it was asked for first. A
-- repetition says the same.
ALTER TABLE pairs
    ADD COLUMN declined_event uuid,
    ADD COLUMN declined_at    timestamptz;

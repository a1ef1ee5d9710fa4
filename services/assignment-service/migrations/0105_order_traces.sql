-- The trace that an order came with: what is decided later goes on in it. Rows of an instance without this column have none.
ALTER TABLE orders ADD COLUMN traceparent text;

ALTER TABLE transfers DROP COLUMN tries_limited;

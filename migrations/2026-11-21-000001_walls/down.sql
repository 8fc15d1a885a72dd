-- The first migration has no way back: there is nothing before it.
SELECT 1;

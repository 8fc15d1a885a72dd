-- There is no way back: who approved again and when a batch is to be paid would be lost. Restore a backup instead.
SELECT 1;

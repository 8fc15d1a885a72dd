-- There is no way back: what people were granted and how they sign in would be lost. Restore a backup instead.
SELECT 1;

-- What a file is compared by with those of the last run: a hash that takes no longer than reading the file does. sha256 is for people.
ALTER TABLE source_file ADD COLUMN fingerprint BLOB; -- XXH3, 128 bits, of the stored bytes; NULL if it was not read to its end

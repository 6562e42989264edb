-- A file is known again by the BLAKE3 hash of its stored bytes. It is as strong as SHA-256, which took longer than all other work on a byte.
ALTER TABLE source_file DROP COLUMN sha256;
ALTER TABLE source_file ADD COLUMN blake3 BLOB; -- 32 bytes; NULL if it was not read to its end

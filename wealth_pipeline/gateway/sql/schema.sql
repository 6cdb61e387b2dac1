-- Every snapshot that was taken. status: loaded, or rejected with the reason; rejected ones are kept in the archive.
CREATE TABLE live_snapshots (
    snapshot_sha256 VARCHAR PRIMARY KEY,
    captured_at TIMESTAMP,
    status VARCHAR NOT NULL,
    reason VARCHAR
);

-- What each provider was used for on each day in UTC, under each key, which is named by its hash.
CREATE TABLE spending (
    provider      TEXT NOT NULL,
    key           TEXT NOT NULL,
    day           DATE NOT NULL,
    calls         BIGINT NOT NULL,
    tokens        BIGINT NOT NULL,
    search_units  BIGINT NOT NULL,
    dollars       DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (provider, key, day)
);

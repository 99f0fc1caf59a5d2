-- Pictures in messages. The files lie in the data folder's `media`, under the id.
create table media (
    -- 32 hexadecimal digits, at random
    id           text    not null constraint media_key primary key,
    owner        integer not null constraint media_owner references account (id),
    -- The device's key for the upload, and the hash of the file that came: the same again yields the same medium.
    client_id    blob    not null,
    source       blob    not null,
    width        integer not null,
    height       integer not null,
    bytes        integer not null,
    at           integer not null,
    -- The message that carries it; null until it is sent.
    conversation integer,
    seq          integer,
    constraint media_once unique (owner, client_id)
) strict, without rowid;
create unique index media_by_message on media (conversation, seq) where seq is not null;
create index media_unsent on media (at) where seq is null;
create index media_unsent_of on media (owner) where seq is null;

-- Media of which no row is left, and whose files are to be removed.
create table erased_media (
    id text not null constraint erased_media_key primary key
) strict, without rowid;

-- What each device told last of what it counts: its checksum (R004-B2). Rows go with the login, with the membership, and when
-- the device has lost what it kept.
create table counted (
    device       integer not null constraint counted_device references login (id) on delete cascade,
    conversation integer not null constraint counted_conversation references conversation (id),
    -- The newest message that it knew of, and through which the account had read.
    received     integer not null,
    read         integer not null,
    unread       integer not null,
    -- When it told so first.
    at           integer not null,
    constraint counted_key primary key (device, conversation)
) strict, without rowid;

-- How each member wants a conversation treated, and when people were last there.

create table preference (
    account        integer not null constraint preference_account references account (id),
    conversation   integer not null constraint preference_conversation references conversation (id),
    pinned         integer not null,
    -- Milliseconds by the server's clock; 0: not muted.
    muted_until    integer not null,
    -- A JSON array of strings (R001-08).
    labels         text    not null constraint preference_labels check (length(cast(labels as blob)) <= 512),
    -- Off the main list until a message at this seq comes; 0: not archived.
    archived_until integer not null,
    marked_unread  integer not null,
    draft          text    not null,
    -- The account log's position at which the row last changed.
    upd            integer not null,
    constraint preference_key primary key (account, conversation)
) strict, without rowid;
create index preference_by_upd on preference (account, upd);

-- Whether others learn when the account was last there, and it when they were; and when that was.
alter table account add column show_last_seen integer not null default 1;
alter table account add column seen_at integer not null default 0;

-- The directory, both ways: what the source told last, how people are found by how their names sound, and invitations.

-- The latest version that the source told; `version` may be further when something was changed here (`own`).
alter table person add column told integer not null default 0;
update person set told = version;
-- The name's pinyin and letters, in lower case without spaces, and the first of each syllable and word. Empty: not spelled yet.
alter table person add column spelled text not null default '';
alter table person add column initials text not null default '';
create index person_by_spelled on person (spelled, account);
create index outbound_by_due on outbound (due);

-- How a person whom the directory made comes in for the first time: one link each, kept as its SHA-256.
create table invitation (
    account    integer primary key constraint invitation_account references account (id),
    token_hash blob    not null constraint invitation_token unique,
    expires_at integer not null
) strict;

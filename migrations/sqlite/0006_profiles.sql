-- Profiles and pictures, the directory of a company, and who people are elsewhere.

-- The picture's name; and how often what others see of the account changed: a later state replaces an earlier one.
alter table account add column avatar text;
alter table account add column version integer not null default 0;
-- Where in the account's log that changed last.
alter table account add column profile_upd integer not null default 0;
-- 0 external, 1 internal: who sees the directory.
alter table account add column kind integer not null default 0;
-- 0: nobody can log in, and nothing reaches it any more.
alter table account add column active integer not null default 1;
create index account_by_avatar on account (avatar) where avatar is not null;

-- What an account tells of itself, and whom: 0 everyone, 1 friends, 2 nobody. Without a row: nothing.
create table profile (
    account      integer primary key constraint profile_account references account (id),
    -- 0 other, 1 male, 2 female
    gender       integer,
    -- A date, as 2001-02-28.
    birthday     text,
    phone        text,
    bio          text,
    gender_for   integer not null default 0,
    birthday_for integer not null default 2,
    phone_for    integer not null default 2,
    bio_for      integer not null default 0
) strict;

-- Pictures by the hash of what was made of them, in two sizes.
create table avatar (
    hash  text not null constraint avatar_hash unique,
    small blob not null,
    large blob not null
) strict;

-- Who an account is elsewhere. The issuer is that of OpenID Connect, or empty: then the subject is the company's own id.
create table identity (
    issuer  text    not null,
    subject text    not null,
    account integer not null constraint identity_account references account (id),
    constraint identity_key primary key (issuer, subject)
) strict, without rowid;
create index identity_by_account on identity (account);

create table department (
    id          integer primary key,
    external_id text    not null constraint department_external unique,
    name        text    not null,
    parent      integer constraint department_parent references department (id),
    -- Among its siblings.
    place       integer not null default 0
) strict;
create index department_by_parent on department (parent);

-- Whom the directory knows. The version is the source's; a change made here counts one more.
create table person (
    account     integer primary key constraint person_account references account (id),
    external_id text    not null constraint person_external unique,
    title       text,
    version     integer not null,
    -- Whether the version was made here, and the source has not told a later one.
    own         integer not null default 0
) strict;

create table post (
    department integer not null constraint post_department references department (id) on delete cascade,
    account    integer not null constraint post_account references person (account) on delete cascade,
    constraint post_key primary key (department, account)
) strict, without rowid;
create index post_by_account on post (account);

-- What the directory's source is yet to be told, in order for each person.
create table outbound (
    id       integer primary key autoincrement,
    account  integer not null constraint outbound_account references account (id),
    body     text    not null,
    attempts integer not null default 0,
    -- When to try it again.
    due      integer not null
) strict;
create index outbound_by_account on outbound (account, id);

-- Two changes of one person at once: what was kept, and what gave way.
create table conflict (
    id          integer primary key,
    external_id text    not null,
    at          integer not null,
    kept        text    not null,
    lost        text    not null
) strict;

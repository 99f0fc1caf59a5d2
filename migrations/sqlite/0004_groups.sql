-- Groups: roles, announcements, mutes, the link by which one joins, who has left, and who is named in messages.

alter table conversation add column announcement text;
alter table conversation add column announced_by integer;
alter table conversation add column announced_at integer;
-- Whoever has the link joins: 0 at once, 1 when let in, 2 never.
alter table conversation add column joining integer not null default 0;
-- The secret in that link; null: there is none.
alter table conversation add column link text;
-- What newcomers see of what was there: 0 nothing, -1 everything, else the newest so many.
alter table conversation add column history integer not null default 0;
-- Until when nobody but the owner and admins may write.
alter table conversation add column muted_until integer not null default 0;
-- The log's position at which members, roles or mutes last changed: what was decided by an older roster is refused.
alter table conversation add column roster_rev integer not null default 0;
create unique index conversation_by_link on conversation (link) where link is not null;

-- 0 member, 1 admin, 2 owner
alter table member add column role integer not null default 0;
alter table member add column muted_until integer not null default 0;
-- What the member wants to be called in the group.
alter table member add column nickname text;
create unique index member_owner on member (conversation) where role = 2;

-- Somebody had to make the groups that stand already.
update member set role = 2
    from (select m.conversation, min(m.account) as account from member as m
        join conversation as c on c.id = m.conversation and c.kind = 1 group by m.conversation) as first
    where first.conversation = member.conversation and first.account = member.account;

-- Who is no member any more, and where in its own log it ceased to be: its devices hear of that. The member's row is gone,
-- so that nothing finds it; coming back makes a new one.
create table former (
    account      integer not null constraint former_account references account (id),
    conversation integer not null constraint former_conversation references conversation (id),
    upd          integer not null,
    constraint former_key primary key (account, conversation)
) strict, without rowid;
create index former_by_upd on former (account, upd);

-- Who has asked to be let in.
create table waiting (
    conversation integer not null constraint waiting_conversation references conversation (id),
    account      integer not null constraint waiting_account references account (id),
    at           integer not null,
    constraint waiting_key primary key (conversation, account)
) strict, without rowid;

-- Whom a message names; 0 is everybody.
create table mention (
    conversation integer not null,
    account      integer not null,
    seq          integer not null,
    constraint mention_key primary key (conversation, account, seq)
) strict, without rowid;

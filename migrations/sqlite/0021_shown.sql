-- The newest commit whose traces may be gone: tokens may name it, and no later one takes its number. One row.
create table newest (
    id      integer primary key constraint newest_one check (id = 0),
    version integer not null
) strict;
insert into newest (id, version) select 0, max(
    (select coalesce(max(version), 0) from conversation), (select coalesce(max(version), 0) from floor));

-- How far others may be told that the member has read: what they read while they keep their receipts off is not told
-- later either.
alter table member add column shown integer not null default 0;
update member set shown = read where read > 0 and account in (select id from account where receipts = 1);

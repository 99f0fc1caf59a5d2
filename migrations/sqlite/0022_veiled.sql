-- What the reader had read when the owner could be told of it again, after one of the two blocked the other or the owner kept
-- receipts off: it is told with what is read after it.
alter table receipt add column veiled integer not null default 0;

-- Only what a group counts that is too large to tell anybody is kept there, and what was imported. What a group counted that
-- has shrunk since is not known any more; of an imported one what was read before now is not told apart.
update member set shown = 0 where shown > 0 and conversation in (
    select id from conversation where kind = 0
        or members <= 200 and id not in (select id from imported where kind = 1));

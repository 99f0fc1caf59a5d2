-- A conversation in which nothing was written yet can be deleted too: the furthest that any device of the member deleted it
-- through is 0 then, and absent where none did.
alter table member rename column floor to deleted;
alter table member add column floor integer;
update member set floor = deleted where deleted > 0;
alter table member drop column deleted;

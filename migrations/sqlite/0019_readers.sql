-- The first message that was sent once the member had come: of what stood there before, they are no readers, however
-- much of it they may see. Of those who are members already it is known only what they see.
alter table member add column came integer not null default 1;
update member set came = vis_from;

-- What senders withheld: little of what is hidden.
create index hidden_withheld on hidden (conversation, seq) where why = 2;

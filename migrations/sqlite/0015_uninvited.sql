-- Whether a member opened the direct conversation, or it stood already: to who did not it is not there until somebody
-- wrote in it.
alter table member add column opened integer not null default 1;

-- When the asked one last refused; 0: never, or they are friends since. What is asked again soon after it is not told to
-- them.
alter table friend_request add column refused_at integer not null default 0;

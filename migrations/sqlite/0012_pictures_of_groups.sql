-- The name of a group's picture, which stands in `avatar` as those of accounts do.
alter table conversation add column avatar text;
create index conversation_by_avatar on conversation (avatar) where avatar is not null;

-- Files in messages: media with a name. They have neither sides, which are 0, nor a thumbnail.
alter table media add column name text;

-- How a provider calls whom it vouches for, as it told last: what the settings show of a way to log in.
alter table identity add column label text;

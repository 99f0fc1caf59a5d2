-- Of a person's name and picture only the name can contradict the source. `own` is no longer whether the version was made here,
-- but the version at which the name was changed here last, where the source has told no later one; 0: it was not.
update person set own = version where own = 1;

"""What can be asked of a loop, by what people do with it; `shortlist.Loop` is all of it."""

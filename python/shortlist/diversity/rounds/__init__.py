"""The rounds of a greedy selection over rows in parts: of a file in blocks, or of a cluster.

k-centre and ranked batch pick, again and again, the row that is worth most, and a row's worth falls
as others are picked. On one machine the core does that over all rows at once. Here the rows lie in
parts that no machine holds together: files larger than memory, chunks of Dask, blocks of Ray. The
picks, their values and the radius are the same, bit for bit, for any parts.

The idea
--------
A row's distance to the nearest pick can only fall, so what it was worth once is a bound on what it
is worth now. A part therefore sends a few rows, those worth most, with exact distances, and in
place of all its other rows one bound: the best key that any of them could have, with the lowest id
that has it. From what all parts sent the coordinator picks alone. After every pick it brings the
other rows it was sent up to date, and picks again, for as long as its best row comes before every
bound in the total order (highest key, then lowest id). When it does not, a row that stayed behind
may be better: then comes the next round.

::

    coordinator (greedy.py)                  each part (part.py)
    -----------------------                  -------------------
    Question: the rule, all points,  ---->   State of the last round: how far each row is from
      steps ahead, rows to send                the nearest point it has seen, and how many it saw
                                             bring rows up to date that may be among the best
    all offers together, by id       <----   Offer: the best rows, exact; bounds on all others
    pick while the best row beats            State, which stays where the rows are
      the bounds of all parts
    points += picks, and again until k

As pseudo-code::

    points = labelled rows, or the first pick
    while picks < k:                                          # a round is a pass over all rows
        offers = [advance(part, state, Question(points))      # wherever the part is
                  for part in parts]
        bound = the best bound of all offers, for each of the next steps
        rows = all rows offered, by ascending id
        while the best of rows comes before bound[step]:      # the core's engine finds it
            pick it: it is a point, and its part is told in the next round

Every part sends its best row, so a round makes at least one pick. Usually it makes hundreds. More
rows sent (``candidates``) mean fewer rounds; a part that had more of the rows that no bound reaches
is asked for more of them the next time.

Ranked batch weighs distance less with every pick, so keys of rows that nobody touches change, too.
For each row they change along a line, so a part sends a bound for each of up to `greedy.AHEAD`
steps, and the round ends where they do.

Where nothing is labelled, the first pick is the row farthest from the mean of all rows. The mean
has the bits of one machine because the core adds up rows in terms of fixed length: see `mean`.

The files
---------
- `drive`: the two rules from start to end, and `Parts`: what runs tasks where the rows are.
- `greedy`: the coordinator. `part`: what is done where the rows are. `messages`: what goes between.
- `rows`: the rows of a part, as the core reads them. `mean`: where a selection starts.
- `blocks`: parts that are blocks of files on this machine; `shortlist.distributed` has the others.

What a row is worth, which rows are brought up to date, and the bounds are computed in the core
(``rust/core/src/diverse/rounds``), where the keys are those that the rules have on one machine.
"""

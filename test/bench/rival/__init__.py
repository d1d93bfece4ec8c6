"""Who else makes containers as a file says: one module each, all with the same pair of containers.

    begin()          nothing is there, and it is ready to be asked
    make(revision)   the pair is there; returns when it is so. Another revision than before: the first one is replaced
    again()          what it costs to be asked again when nothing is to be done (a measure.cost.Cost), or why that is no
                     question
    watches          whether it makes again what somebody removes
    end()            nothing of it is left but the images
"""

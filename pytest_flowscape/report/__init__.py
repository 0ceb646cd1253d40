"""What a run leaves behind: one module per artefact, all made from outcomes and facts."""

"""Learning platforms, by the files that they give and take: Moodle's and Canvas's submissions in, marks and feedback out."""

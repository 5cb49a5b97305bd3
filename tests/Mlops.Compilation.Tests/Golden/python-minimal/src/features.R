cat('features')

print('tests/staging_test')

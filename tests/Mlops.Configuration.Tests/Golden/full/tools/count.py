print('tools/count')

print('serve/format')

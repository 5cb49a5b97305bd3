print('serve/format.py')

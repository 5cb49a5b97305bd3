print('serve/scale')

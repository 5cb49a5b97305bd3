print('serve/scale.py')

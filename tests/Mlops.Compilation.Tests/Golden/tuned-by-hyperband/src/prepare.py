print('src/prepare.py')
